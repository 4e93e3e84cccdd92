import { Suspense } from "react";
import { lazy } from "@/lib/lazy";
import { useTitle } from "@/ui/layout";
import { loadEditor } from "./editor";

// The frame is there at once; the editor comes at the same time as the rest, and not after it.
const Workbench = lazy(() => {
  void loadEditor().catch(() => undefined); // the workbench asks for it again, and waits
  return import("./workbench");
});

export default function Screen() {
  useTitle("SQL");
  return (
    <Suspense fallback={<Frame />}>
      <Workbench />
    </Suspense>
  );
}

/** The screen's lines, where everything will be. */
function Frame() {
  return (
    <main id="main" tabIndex={-1} className="flex h-full min-w-0 outline-none" aria-busy>
      <h1 className="sr-only">SQL</h1>
      <div className="w-72 shrink-0 border-r bg-sunken max-lg:hidden" />
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="h-10 border-b bg-sunken" />
        <div className="h-11 border-b bg-surface" />
        <div role="status" aria-label="Loading the editor" className="h-[36%] border-b bg-surface" />
        <div className="flex-1" />
      </div>
    </main>
  );
}
