import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("Overview");
  return <Page title="Overview">{null}</Page>;
}
