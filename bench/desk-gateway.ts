/** The trading side's own subscriber of `bench -- overhead`, a process of its own: takes what the desk publishes. Argument: the server. */
import { connect } from '@nats-io/transport-node';

async function take(server: string): Promise<void> {
  const connection = await connect({ servers: server });
  let taken = 0;
  connection.subscribe('desk.>', { callback: () => void taken++ });
  await connection.flush();
  console.log('ready');
  process.once('SIGTERM', () => void connection.close());
}

take(process.argv[2] ?? '').catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
