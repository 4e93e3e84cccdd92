import { lazy } from "@/lib/lazy";

/** Asks before what cannot be undone: loaded when something is to be asked. */
export const Confirm = lazy(async () => ({ default: (await import("@/ui/dialog")).Confirm }));
