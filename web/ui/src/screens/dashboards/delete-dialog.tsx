import { Confirm } from "@/ui/dialog";
import { deleteDashboard, type Dashboard } from "./queries";

/** Deletes a dashboard once its title is typed. */
export function DeleteDialog({ dashboard, close, done }: { dashboard: Dashboard; close: () => void; done: () => Promise<void> | void }) {
  return (
    <Confirm open onClose={close} title="Delete the dashboard" action="Delete" name={dashboard.title} run={() => deleteDashboard(dashboard.id).then(done)}>
      <p>It is gone for everybody. Its saved queries stay.</p>
    </Confirm>
  );
}
