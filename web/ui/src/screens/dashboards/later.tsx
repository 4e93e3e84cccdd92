// What a dashboard does not need at once, under the same names: each is loaded when it is first shown.
import { lazy } from "@/lib/lazy";

const dialogs = () => import("./dialogs");
export const AboutDialog = lazy(async () => ({ default: (await dialogs()).AboutDialog }));
export const AddPanel = lazy(async () => ({ default: (await dialogs()).AddPanel }));
export const CustomRange = lazy(async () => ({ default: (await dialogs()).CustomRange }));
export const DeleteDialog = lazy(async () => ({ default: (await dialogs()).DeleteDialog }));
export const EditPanel = lazy(async () => ({ default: (await dialogs()).EditPanel }));
export const Enlarged = lazy(async () => ({ default: (await dialogs()).Enlarged }));
export const ExportDialog = lazy(async () => ({ default: (await dialogs()).ExportDialog }));
export const ImportDialog = lazy(async () => ({ default: (await dialogs()).ImportDialog }));
export const Leaving = lazy(async () => ({ default: (await dialogs()).Leaving }));
export const SaveProblem = lazy(async () => ({ default: (await dialogs()).SaveProblem }));
export const Panels = lazy(() => import("./panels"));
