/** Limits that several panels and the provisioned alert rule share. Change them here, then build the boards again. */
import { steps } from '../field.ts';

/** Seconds from order sent to acknowledged, p99. The Grafana alert rule fires at the second one. */
export const ACK_WARNING_SECONDS = 0.003;
export const ACK_CRITICAL_SECONDS = 0.005;

export const ACK_LIMITS = steps('green', [ACK_WARNING_SECONDS, 'orange'], [ACK_CRITICAL_SECONDS, 'red']);

export const GAIN = steps('red', [0, 'green']);
/** Of the peak: a tenth is where many desks stop. */
export const DRAWDOWN = steps('green', [0.05, 'orange'], [0.1, 'red']);

/** Of each service of the trading system; that of the monitoring itself is another figure. */
export const UPTIME_PERCENT = 99.9;
