import type { LucideIcon } from "lucide-react";
import { useSession } from "@/lib/session";
import { Empty } from "@/ui/layout";

/** What somebody who may read only some tables is told where there is nothing of these. Nothing is said of what others see there. */
export function NoneOfYours({ icon, title, says }: { icon: LucideIcon; title: string; says?: string }) {
  return (
    <Empty icon={icon} title={title}>
      <OnlySome says={says} />
    </Empty>
  );
}

export function OnlySome({ says = "None of them is here yet." }: { says?: string }) {
  const tables = useSession().me?.tables ?? [];
  if (tables.length === 0) return <p>You may read none of this server’s tables. Ask an admin for those you need.</p>;
  return (
    <p className="break-words">
      You may read only some tables: {tables.join(", ")}. {says} Ask an admin of this server if you need others.
    </p>
  );
}
