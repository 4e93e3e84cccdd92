// The saved queries: found by their name, description or text, opened, described, linked to, deleted.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, Link2, Pencil, Save, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, data } from "@/api/client";
import { savedQueriesQuery } from "@/api/queries";
import { copy } from "@/lib/clipboard";
import { IconButton } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Time } from "@/ui/layout";
import { Menu } from "@/ui/menu";
import { ProblemBox } from "@/ui/problem";
import type { SavedQuery } from "../queries";
import { SearchField, type SideProps } from "./panel";

/** The address under which a saved query opens. */
export function linkTo(id: string): string {
  return new URL(`/sql?saved=${encodeURIComponent(id)}`, location.origin).href;
}

export function SavedPanel({ openSaved, name }: SideProps) {
  const all = useQuery(savedQueriesQuery);
  const client = useQueryClient();
  const [search, setSearch] = useState("");
  const [leaving, setLeaving] = useState<SavedQuery | null>(null);
  const text = search.trim().toLowerCase();
  const found = (all.data ?? []).filter((q) => !text || `${q.name}\n${q.description}\n${q.sql}`.toLowerCase().includes(text)).sort((a, b) => a.name.localeCompare(b.name));
  const refresh = () => client.invalidateQueries({ queryKey: savedQueriesQuery.queryKey });
  const describe = (q: SavedQuery) =>
    name({
      title: `Describe “${q.name}”`,
      action: "Save",
      name: q.name,
      description: q.description,
      save: async (called, description) => {
        await data(api.PUT("/api/v1/saved-queries/{id}", { params: { path: { id: q.id } }, body: { name: called, description, sql: q.sql, params: q.params, chart: q.chart } }));
        await refresh();
      },
    });
  return (
    <>
      <SearchField label="Find a saved query" value={search} onChange={setSearch} />
      <div className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-4">
        {all.error && <ProblemBox error={all.error} retry={() => void all.refetch()} />}
        {all.isPending && <p role="status" className="animate-breathe px-2 py-2 text-xs text-muted">Asking for the saved queries…</p>}
        {all.data?.length === 0 && (
          <div className="flex gap-2 px-2 py-2 text-xs text-muted">
            <Save size={14} aria-hidden className="mt-0.5 shrink-0" />
            <p>Nothing is saved yet. Save a query that is worth asking again: it gets a name and a link, and can stand on a dashboard.</p>
          </div>
        )}
        {all.data && all.data.length > 0 && found.length === 0 && <p className="px-2 py-2 text-xs text-muted">No saved query speaks of that.</p>}
        <ul className="space-y-0.5">
          {found.map((q) => (
            <li key={q.id} className="flex items-start rounded-md hover:bg-hover">
              <button type="button" title={q.sql.slice(0, 500)} className="min-w-0 flex-1 px-2 py-1.5 text-left" onClick={() => openSaved(q)}>
                <span className="block truncate text-sm">{q.name}</span>
                {q.description && <span className="line-clamp-2 text-xs text-muted">{q.description}</span>}
                <span className="block text-2xs text-faint">
                  changed <Time at={q.updated_at} />
                </span>
              </button>
              <Menu
                items={[
                  { label: "Copy a link", icon: Link2, run: () => void copy(linkTo(q.id), "Link copied") },
                  { label: "Rename and describe", icon: Pencil, run: () => setTimeout(() => describe(q)) },
                  "-",
                  { label: "Delete", icon: Trash2, danger: true, run: () => setTimeout(() => setLeaving(q)) },
                ]}
              >
                <IconButton icon={Ellipsis} label={`More for ${q.name}`} size="sm" className="mt-1 mr-1" />
              </Menu>
            </li>
          ))}
        </ul>
      </div>
      <Confirm
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        title={`Delete the saved query “${leaving?.name ?? ""}”?`}
        action="Delete"
        run={async () => {
          if (leaving) await api.DELETE("/api/v1/saved-queries/{id}", { params: { path: { id: leaving.id } } });
          await refresh();
        }}
      >
        <p>Its link will lead nowhere. Tabs that were opened from it stay as they are.</p>
      </Confirm>
    </>
  );
}
