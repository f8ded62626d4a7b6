/** How much room the columns of a batch keep from one commit to the next. */
export const INITIAL_ROWS = 1_024;
/** Room for more than so many times the rows of a commit is given back: a slow commit's batch would keep it for good. */
const ROOM_TO_SPARE = 8;

/** Whether columns with `room` have too much of it for commits of `rows`; batches of changing size must allocate nothing. */
export function hasRoomToSpare(room: number, rows: number): boolean {
  return room > Math.max(INITIAL_ROWS, rows * ROOM_TO_SPARE);
}
