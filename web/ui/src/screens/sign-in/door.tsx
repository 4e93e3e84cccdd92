import type { ReactNode } from "react";
import { useTitle } from "@/ui/layout";

/** A page by which people come in: it stands alone. */
export function Door({ title, says, children }: { title: string; says?: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <main id="main" tabIndex={-1} className="flex h-full flex-col items-center overflow-y-auto px-4 py-10 outline-none sm:pt-[14vh]">
      <div className="mb-6 flex items-center gap-2.5 text-lg font-semibold">
        <img src="/icon.svg" alt="" className="size-7" />
        Helios
      </div>
      <div className="w-full max-w-sm rounded-lg border bg-surface p-6 shadow-(--shadow-raised)">
        <h1 className="text-lg">{title}</h1>
        {says && <p className="mt-1 text-sm text-muted">{says}</p>}
        <div className="mt-5 space-y-4">{children}</div>
      </div>
    </main>
  );
}
