// What stands where the command palette will be while that is loaded: what is typed at once is not lost.
export const frame = "fixed top-3 left-1/2 z-40 flex max-h-[70dvh] w-[calc(100vw-1.5rem)] max-w-xl -translate-x-1/2 animate-rise flex-col overflow-hidden rounded-lg border bg-surface shadow-(--shadow-floating) sm:top-[12vh]";
export const field = "h-12 shrink-0 border-b bg-transparent px-4 outline-none placeholder:text-faint";
export const asks = { placeholder: "Where to?", spellCheck: false, autoComplete: "off", "aria-label": "Search for a screen, table, source, query or command" } as const;

export function PaletteToCome({ typed, onType, onClose }: { typed: string; onType: (typed: string) => void; onClose: () => void }) {
  return (
    <>
      <div className="fixed inset-0 z-40 bg-shade" onClick={onClose} />
      <div role="dialog" aria-modal aria-label="Command palette" aria-busy className={frame}>
        <input {...asks} autoFocus value={typed} className={field} onChange={(e) => onType(e.target.value)} onKeyDown={(e) => e.key === "Escape" && onClose()} />
      </div>
    </>
  );
}
