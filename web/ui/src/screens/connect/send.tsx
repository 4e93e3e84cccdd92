// What will be sent, for those who would rather write it down, and the button that sends it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plug } from "lucide-react";
import { useState } from "react";
import { api, data } from "@/api/client";
import { curl } from "@/lib/curl";
import { Button } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Segmented } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";
import { bodyOf, commandOf, yamlOf, type Choice } from "./declare";

export function Send({ choice, ready, done }: { choice: Choice; ready: boolean; done: (source: string) => void }) {
  const client = useQueryClient();
  const connect = useMutation({
    mutationFn: () => data(api.POST("/api/v1/sources", { body: bodyOf(choice) })),
    onSuccess: async (source) => {
      await client.invalidateQueries({ queryKey: ["sources"] });
      done(source.settings.name);
    },
  });
  return (
    <div className="space-y-4">
      {connect.error && <ProblemBox error={connect.error} title="The stream was not connected" />}
      <div className="flex flex-wrap items-center gap-3">
        <Button kind="primary" icon={Plug} disabled={!ready} busy={connect.isPending} onClick={() => connect.mutate()}>
          {connect.isPending ? "Connecting…" : `Connect ${choice.stream}`}
        </Button>
        <span className="text-sm text-muted" aria-live="polite">
          {connect.isPending ? "The table is made, and reading begins." : ready ? `Its events become rows of the table ${choice.table}.` : "Mend what is marked above first."}
        </span>
      </div>
      <Written choice={choice} />
    </div>
  );
}

function Written({ choice }: { choice: Choice }) {
  const [form, setForm] = useState<"curl" | "yaml" | "cli">("curl");
  const { command, lacks } = commandOf(choice, location.origin);
  return (
    <div className="max-w-4xl space-y-2">
      <div className="flex flex-wrap items-center gap-3">
        <span className="text-sm text-muted">The same as</span>
        <Segmented
          small
          label="The same as"
          value={form}
          onChange={setForm}
          options={[
            { value: "curl", label: "curl" },
            { value: "yaml", label: "helios.yaml" },
            { value: "cli", label: "Command" },
          ]}
        />
      </div>
      {form === "curl" && <CodeBlock text={curl("/api/v1/sources", { body: bodyOf(choice) })} label="Copy as curl" wrap />}
      {form === "yaml" && <CodeBlock text={yamlOf(choice)} label="Copy the YAML" />}
      {form === "cli" && (
        <>
          <CodeBlock text={command} label="Copy the command" wrap />
          {lacks.length > 0 && <p className="text-xs text-muted">The command has no words for {lacks.join(" and ")}: use curl or helios.yaml for that.</p>}
        </>
      )}
    </div>
  );
}
