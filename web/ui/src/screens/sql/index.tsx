import { Page, useTitle } from "@/ui/layout";

export default function Screen() {
  useTitle("SQL");
  return <Page title="SQL">{null}</Page>;
}
