// Light, dark, or as the system has it. public/theme.js sets it before the first paint.
import { useSyncExternalStore } from "react";

export type Choice = "light" | "dark" | "system";
const key = "helios.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export function themeChoice(): Choice {
  const chosen = localStorage.getItem(key);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function apply() {
  const choice = themeChoice();
  document.documentElement.dataset.theme = choice === "system" ? (system.matches ? "dark" : "light") : choice;
  listeners.forEach((l) => l());
}
system.addEventListener("change", apply);

export function chooseTheme(choice: Choice) {
  if (choice === "system") localStorage.removeItem(key);
  else localStorage.setItem(key, choice);
  apply();
}

function subscribe(call: () => void) {
  listeners.add(call);
  return () => void listeners.delete(call);
}

/** The theme in force: what draws on a canvas must draw again when it changes. */
export function useTheme(): "light" | "dark" {
  return useSyncExternalStore(subscribe, () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light"));
}

export function useThemeChoice(): Choice {
  return useSyncExternalStore(subscribe, themeChoice);
}

/** A colour of the design system as the theme in force has it: color("series-1"). */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
