import { Copy, Filter, PanelRight, Search, X } from "lucide-react";
import type { Ref } from "react";
import { number, plural } from "@/lib/format";
import { Button, IconButton } from "@/ui/button";
import { Input } from "@/ui/form";
import { Menu } from "@/ui/menu";
import { copyForms, type CopyForm } from "../copy";
import type { Grid } from "./state";

/** What can be done with all rows: search, filter, copy. */
export function Toolbar({ grid, total, selected, filters, setFilters, details, setDetails, copy, searchRef }: { grid: Grid; total: number; selected: number; filters: boolean; setFilters: (on: boolean) => void; details: boolean; setDetails: (on: boolean) => void; copy: (form: CopyForm, all: boolean) => void; searchRef: Ref<HTMLInputElement> }) {
  const forms = Object.entries(copyForms) as [CopyForm, string][];
  const shown = grid.rows.length;
  return (
    <div className="flex flex-wrap items-center gap-2 pb-2">
      <div className="relative min-w-32 flex-1 sm:max-w-64">
        <Search size={14} className="pointer-events-none absolute top-1/2 left-2 -translate-y-1/2 text-faint" aria-hidden />
        <Input ref={searchRef} type="search" aria-label="Search in the rows" placeholder="Search in the rows" small className="w-full pl-7" value={grid.anywhere} onChange={(e) => grid.table.setGlobalFilter(e.target.value)} />
      </div>
      <IconButton icon={Filter} label="Filter by column" size="sm" aria-pressed={filters} onClick={() => setFilters(!filters)} />
      <IconButton icon={PanelRight} label="Cell details" size="sm" aria-pressed={details} onClick={() => setDetails(!details)} />
      <span className="flex-1 text-right text-xs text-muted tabular" role="status">
        {grid.filtered && `${number(shown)} of ${plural(total, "row")}`}
      </span>
      {grid.filtered && (
        <IconButton
          icon={X}
          label="Show all rows"
          size="sm"
          onClick={() => {
            grid.table.setGlobalFilter("");
            grid.table.resetColumnFilters(true);
          }}
        />
      )}
      <Menu
        items={[
          ...(selected > 1 ? [{ heading: `Selection, ${plural(selected, "cell")}` }, ...forms.map(([form, label]) => ({ label, run: () => copy(form, false) })), "-" as const] : []),
          { heading: grid.filtered ? `The ${plural(shown, "row")} shown` : `All ${plural(shown, "row")}` },
          ...forms.map(([form, label]) => ({ label, run: () => copy(form, true) })),
        ]}
      >
        <Button size="sm" icon={Copy}>
          Copy
        </Button>
      </Menu>
    </div>
  );
}
