import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { tableQuery, type TableInfo } from "../queries";

export type TableChange = Schemas["TableChange"];

/** Changes the table. No event is taken in with the old schema once that is done. */
export function useChange(table: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: TableChange) => data(api.POST("/api/v1/tables/{table}/changes", { params: { path: { table } }, body })),
    onSuccess: (now: TableInfo) => {
      client.setQueryData(tableQuery(table).queryKey, now);
      void client.invalidateQueries({ queryKey: ["tables"] });
    },
  });
}
