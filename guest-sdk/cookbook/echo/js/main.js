export default async function echo(call) {
  await call.answer();
  for await (const { channel, pcm } of call.audio()) {
    if (channel === 0) call.play(pcm);
  }
}
