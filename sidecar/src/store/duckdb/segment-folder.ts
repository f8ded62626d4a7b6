/** Where the segments of a database lie. */
export function segmentFolder(databasePath: string): string {
  return `${databasePath}.segments`;
}
