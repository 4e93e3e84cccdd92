// The dialogs of a dashboard and of the list: loaded when the first one is opened.
export { AboutDialog } from "./about-dialog";
export { AddPanel } from "./add-panel";
export { EditPanel } from "./edit-panel";
export { ExportDialog, ImportDialog } from "./exchange";
export { Enlarged } from "./enlarged";
export { Leaving, SaveProblem } from "./leaving";
export { CustomRange } from "./custom-range";
export { DeleteDialog } from "./delete-dialog";
