import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { Input } from "@/ui/form";

/** A field to search with: what is typed counts once the hand rests. */
export function Find({ label, placeholder, value = "", onChange }: { label: string; placeholder: string; value?: string; onChange: (text: string | undefined) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed || undefined), 300);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <div className="relative min-w-0 flex-1 basis-52">
      <Search size={14} aria-hidden className="pointer-events-none absolute top-2.25 left-2.5 text-faint" />
      <Input type="search" aria-label={label} placeholder={placeholder} spellCheck={false} autoComplete="off" maxLength={1000} value={typed} onChange={(e) => setTyped(e.target.value)} className="w-full pl-8" />
    </div>
  );
}
