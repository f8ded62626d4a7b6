// Takes messages of NATS and does nothing with them: what receiving them costs. Arguments: <server> <subject>.
// It holds as many objects as an idle sidecar does: V8 collects garbage for every 64 MB of buffers that pass, and a
// collection costs what lives.
import { connect } from '@nats-io/transport-node';

const [server, subject] = process.argv.slice(2);
const OBJECTS = 340_000;
// A global: what nobody can reach any more is gone with the first collection.
globalThis.held = Array.from({ length: OBJECTS }, (_, i) => ({ name: `object ${i}`, place: [i] }));
const connection = await connect({ servers: server });
connection.subscribe(subject, { callback: () => undefined });
await connection.flush();
console.log('subscribed');
