// Shown before anything is installed, hence a file of its own without imports.
export const HELP = `npm run demo -- [options]

Starts NATS, the Tapewatch sidecar on DuckDB, telemetry of this machine, a simulated trading desk, a webhook receiver and,
where one is installed, Grafana with everything provisioned. Ctrl-C ends it all.

  --market <folder>   trade on recorded feeds (Binance format: spot/*.gz, usdm/*.gz) instead of a made-up market
  --seed <text>       seed of the desk (default 1)
  --rate <n>          mean orders a second (default 25; with --check 150)
  --incidents <text>  standard, none, or kind@start+duration[/every][:target],...
  --ports <list>      such as nats=4222,monitor=8222,http=9470,webhook=9480,grafana=3000; "free" picks free ones
  --reset             forget what earlier demos stored
  --no-grafana        do not start Grafana, even where there is one

  --check             run the whole path for a while on free ports, compare, print one JSON object as the last line;
                      exit code 0 only if nothing was lost, percentiles are within their bounds, the alert took < 1 s
  --seconds <n>       how long --check publishes (default 30)
  --break <fault>     with --check: drop (lose messages), skew (alter latencies), mute (deaf webhook); must fail
  --keep              with --check: keep its folder (ledger, logs, store) and say where

Environment: NATS_URL (use this server instead of an own one), GRAFANA_HOME (where Grafana is installed).`;
