// Every screen of the console, as it is with the demo's storefront behind it.
export const screens = [
  { name: "overview", path: "/", heading: "Overview" },
  { name: "connect", path: "/connect", heading: "Connect a stream" },
  { name: "sql", path: "/sql", heading: "SQL" },
  { name: "dashboards", path: "/dashboards", heading: "Dashboards" },
  { name: "dashboard", path: "/dashboards/storefront", heading: "Storefront" },
  { name: "tail", path: "/tail?source=storefront", heading: "Live tail" },
  { name: "source", path: "/sources/storefront", heading: "storefront" },
  { name: "source-throughput", path: "/sources/storefront?tab=throughput", heading: "storefront" },
  { name: "source-schema", path: "/sources/storefront?tab=schema", heading: "storefront" },
  { name: "source-settings", path: "/sources/storefront?tab=settings", heading: "storefront" },
  { name: "quarantine", path: "/quarantine", heading: "Quarantine" },
  { name: "settings", path: "/settings", heading: "Settings" },
] as const;
