// The container's health: the sidecar says that it is ready (NATS, store, Grafana's listener). Any other command of the
// image has no port and is healthy while it runs; compose switches the check off there.
const url = process.env.TAPEWATCH_HEALTH_URL ?? 'http://127.0.0.1:9470/readyz';
try {
  const { status } = await fetch(url, { signal: AbortSignal.timeout(2_500) });
  process.exit(status === 200 ? 0 : 1);
} catch (error) {
  console.error(`${url}: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
