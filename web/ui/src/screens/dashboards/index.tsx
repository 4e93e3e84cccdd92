import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("Dashboards");
  return <Page title="Dashboards">{null}</Page>;
}
