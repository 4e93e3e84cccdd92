import { Outlet, useRouterState } from "@tanstack/react-router";
import { Shell } from "./shell";

/** Whether a screen is one of those by which people come in: they stand alone, as there is nobody yet to show anything to. */
export function atTheDoor(path: string): boolean {
  return ["/sign-in", "/setup", "/reset"].includes(path);
}

/** What is around a screen: everything else there is, or nothing. */
export function Frame() {
  // As it was resolved: while the next screen is being loaded, the one before stays in its frame.
  const alone = useRouterState({ select: (s) => atTheDoor((s.resolvedLocation ?? s.location).pathname) });
  return alone ? <Outlet /> : <Shell />;
}
