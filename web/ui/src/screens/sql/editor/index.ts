/** The editor's chunk. It is asked for as soon as the screen is, beside the rest. */
export const loadEditor = () => import("./editor");
