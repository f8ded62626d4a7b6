/** What the engine says, told apart. */
import { isOutOfMemory } from './faults.ts';

it.each([
  ['Out of Memory Error: failed to pin block of size 256.0 KiB (63.7 MiB/64.0 MiB used)', true],
  ['Failed to append: could not allocate block of size 256.0 KiB (255.8 MiB/256.0 MiB used)', true],
  [
    'TransactionContext Error: Failed to commit: failed to allocate data of size 845.4 KiB (127.8 MiB/128.0 MiB used)',
    true,
  ],
  ['Failed to append: failed to reserve memory data of size 1.0 MiB (63.9 MiB/64.0 MiB used)', true],
  [
    'Out of Memory Error: failed to offload data block of size 256.0 KiB (1.0 GiB/1.0 GiB used). This limit was set by the ' +
      "'max_temp_directory_size' setting.",
    false,
  ],
  ['IO Error: No space left on device', false],
  ['Constraint Error: Duplicate key "id: 7" violates primary key constraint', false],
])('%s', (message, expected) => {
  expect(isOutOfMemory(new Error(message))).toBe(expected);
});
