import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("Dashboard");
  return <Page title="Dashboard">{null}</Page>;
}
