// How well a call is heard, from the browser's own statistics.

/** Loss in %, round trip and jitter in ms, since `before` (an earlier result, or nothing). */
export async function measure(connection, before) {
  const found = { received: 0, lost: 0, jitter: null, roundTrip: null };
  for (const report of (await connection.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "audio") {
      found.received = report.packetsReceived ?? 0;
      found.lost = report.packetsLost ?? 0;
      found.jitter = report.jitter === undefined ? null : report.jitter * 1000;
    } else if (report.type === "remote-inbound-rtp" && report.kind === "audio") {
      if (report.roundTripTime !== undefined) found.roundTrip = report.roundTripTime * 1000;
      found.theirs = (report.fractionLost ?? 0) * 100;
    } else if (report.type === "candidate-pair" && report.nominated && found.roundTrip === null) {
      if (report.currentRoundTripTime !== undefined) found.roundTrip = report.currentRoundTripTime * 1000;
    }
  }
  const received = found.received - (before?.received ?? 0);
  const lost = Math.max(0, found.lost - (before?.lost ?? 0));
  const ours = received + lost > 0 ? (100 * lost) / (received + lost) : 0;
  return { ...found, loss: Math.max(ours, found.theirs ?? 0) };
}

/** `good`, `fair` or `poor`: above 1 % loss, 200 ms or 30 ms of jitter speech suffers, above 5 %, 400 or 60 it breaks. */
export function grade({ loss, roundTrip, jitter }) {
  const worst = (fair, poor, value) => (value > poor ? 2 : value > fair ? 1 : 0);
  return ["good", "fair", "poor"][Math.max(worst(1, 5, loss), worst(200, 400, roundTrip ?? 0), worst(30, 60, jitter ?? 0))];
}
