// Takes messages of NATS and does nothing with them: what receiving them costs. Arguments: <server> <subject>.
import { connect } from '@nats-io/transport-node';

const [server, subject] = process.argv.slice(2);
const connection = await connect({ servers: server });
connection.subscribe(subject, { callback: () => undefined });
await connection.flush();
console.log('subscribed');
