import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { toast } from "@/ui/toast";
import { tableQuery, useTakeOver, type Source } from "../queries";

export type SourceChanges = Schemas["SourceChanges"];

/** Changes settings of a source while it runs. */
export function useChangeSource(source: Source) {
  const takeOver = useTakeOver();
  const client = useQueryClient();
  const { name, table } = source.settings;
  return useMutation({
    mutationFn: (body: SourceChanges) => data(api.PATCH("/api/v1/sources/{name}", { params: { path: { name } }, body })),
    onSuccess: (now) => {
      takeOver(now);
      void client.invalidateQueries({ queryKey: tableQuery(table).queryKey });
      void client.invalidateQueries({ queryKey: ["sources", name, "yaml"] });
      toast("Saved");
    },
  });
}
