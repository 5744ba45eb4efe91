import { setTimeout } from 'node:timers/promises';

export const pause = (seconds: number): Promise<void> => setTimeout(seconds * 1000);
