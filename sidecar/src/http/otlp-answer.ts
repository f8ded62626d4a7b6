/**
 * Answers of an OTLP receiver (OTLP specification, "OTLP/HTTP response"): an `Export<Signal>ServiceResponse`, with what was
 * refused as its partial success, or a `google.rpc.Status`; in the encoding of the request.
 */
import Pbf from 'pbf';

/** google.rpc.Code.INVALID_ARGUMENT */
const INVALID_ARGUMENT = 3;

export interface OtlpAnswer {
  readonly rejected: number;
  /** The word for it in JSON; in protobuf the field has the same number for every signal. */
  readonly rejectedAs: 'rejectedDataPoints' | 'rejectedSpans';
  readonly message: string;
  readonly isJson: boolean;
  readonly isFault: boolean;
}

export function otlpAnswer(answer: OtlpAnswer): Buffer | string {
  const { rejected, message, isJson, isFault } = answer;
  if (isJson) return JSON.stringify(isFault ? { code: INVALID_ARGUMENT, message } : partial(answer));
  const pbf = new Pbf();
  if (isFault) {
    pbf.writeVarintField(1, INVALID_ARGUMENT);
    pbf.writeStringField(2, message);
  } else if (rejected > 0) {
    pbf.writeMessage(
      1,
      (_: null, inner?: Pbf) => {
        (inner as Pbf).writeVarintField(1, rejected);
        (inner as Pbf).writeStringField(2, message);
      },
      null,
    );
  }
  return Buffer.from(pbf.finish());
}

function partial({ rejected, rejectedAs, message }: OtlpAnswer): object {
  return rejected === 0 ? {} : { partialSuccess: { [rejectedAs]: String(rejected), errorMessage: message } };
}
