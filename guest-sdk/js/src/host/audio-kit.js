// Made from the contract's WIT by `npm run contract`: do not edit.

export * from "switchhook:handler/audio-kit@0.1.0";
