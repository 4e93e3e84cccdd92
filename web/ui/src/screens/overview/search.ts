/** The overview has nothing to remember in its address yet. */
export const overviewSearch = (): Record<string, never> => ({});
