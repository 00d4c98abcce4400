// Made from the contract's WIT by `npm run contract`: do not edit.

import { host } from "../current.js";

export const openResampler = (...given) => host("audio-kit").openResampler(...given);
export const resample = (...given) => host("audio-kit").resample(...given);
export const resampleSamples = (...given) => host("audio-kit").resampleSamples(...given);
export const finishResampling = (...given) => host("audio-kit").finishResampling(...given);
export const openKeyDetector = (...given) => host("audio-kit").openKeyDetector(...given);
export const hearKeys = (...given) => host("audio-kit").hearKeys(...given);
export const hearKeysSamples = (...given) => host("audio-kit").hearKeysSamples(...given);
export const openVoiceDetector = (...given) => host("audio-kit").openVoiceDetector(...given);
export const hearVoice = (...given) => host("audio-kit").hearVoice(...given);
export const hearVoiceSamples = (...given) => host("audio-kit").hearVoiceSamples(...given);
export const close = (...given) => host("audio-kit").close(...given);
export const levelDbfs = (...given) => host("audio-kit").levelDbfs(...given);
export const levelDbfsSamples = (...given) => host("audio-kit").levelDbfsSamples(...given);
export const tones = (...given) => host("audio-kit").tones(...given);
export const keyTones = (...given) => host("audio-kit").keyTones(...given);
export const toG711 = (...given) => host("audio-kit").toG711(...given);
export const toG711Samples = (...given) => host("audio-kit").toG711Samples(...given);
export const fromG711 = (...given) => host("audio-kit").fromG711(...given);
export const readWav = (...given) => host("audio-kit").readWav(...given);
export const writeWav = (...given) => host("audio-kit").writeWav(...given);
