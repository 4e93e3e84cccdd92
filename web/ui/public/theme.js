// Before anything is painted: the theme that the person chose, else that of the system.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("helios.theme");
  } catch {
    // Without storage the system's theme is in force.
  }
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
