/* The page in English and in Korean. */
export interface Words {
  readonly draw: string;
  readonly drawHint: string;
  readonly presets: Readonly<
    Record<"pulse" | "two" | "steps" | "noise", string>
  >;
  readonly clear: string;
  readonly step: string;
  readonly height: string;
  readonly unit: string;
  readonly keep: string;
  readonly recurrent: string;
  readonly rows: Readonly<Record<string, string>>;
  readonly numbers: string;
  readonly half: (steps: number) => string;
  readonly whole: string;
  readonly loop: string;
  readonly call: string;
  readonly names: Readonly<Record<"RNN" | "LSTM" | "GRU", string>>;
}

export const WORDS: Readonly<Record<"en" | "ko", Words>> = {
  en: {
    draw: "Draw a sequence",
    drawHint: "Press and move, or choose one:",
    presets: {
      pulse: "one pulse",
      two: "two pulses",
      steps: "stairs",
      noise: "noise",
    },
    clear: "silence",
    step: "Time step",
    height: "x at this step",
    unit: "Unit",
    keep: "Bias of the forget and update gates",
    recurrent: "Recurrent weight of the plain RNN",
    rows: {
      input: "input gate",
      forget: "forget gate",
      candidate: "candidate",
      output: "output gate",
      cell: "cell",
      hidden: "hidden",
      reset: "reset gate",
      update: "update gate",
    },
    numbers: "This step, this unit",
    half: (steps) =>
      `half of it is forgotten after ${steps} ${steps === 1 ? "step" : "steps"}`,
    whole: "more than half of it is still there at the end",
    loop: "The loop in NumPy",
    call: "The call",
    names: {
      RNN: "nothing but its own output comes back",
      LSTM: "a memory beside the output, behind three gates",
      GRU: "one gate decides: keep, or replace",
    },
  },
  ko: {
    draw: "시퀀스를 그려 보세요",
    drawHint: "누른 채로 움직이거나, 하나를 고르세요:",
    presets: {
      pulse: "펄스 하나",
      two: "펄스 둘",
      steps: "계단",
      noise: "잡음",
    },
    clear: "비우기",
    step: "시간 단계",
    height: "이 단계의 x",
    unit: "유닛",
    keep: "망각·업데이트 게이트의 편향",
    recurrent: "기본 RNN의 순환 가중치",
    rows: {
      input: "입력 게이트",
      forget: "망각 게이트",
      candidate: "후보 값",
      output: "출력 게이트",
      cell: "셀 상태",
      hidden: "은닉 상태",
      reset: "리셋 게이트",
      update: "업데이트 게이트",
    },
    numbers: "이 단계, 이 유닛의 값",
    half: (steps) => `${steps}단계 만에 절반을 잊습니다`,
    whole: "끝까지 절반 넘게 기억합니다",
    loop: "NumPy 반복문",
    call: "호출 한 번",
    names: {
      RNN: "자신의 출력만 되돌아옵니다",
      LSTM: "출력과 별개인 기억을 세 개의 게이트가 지킵니다",
      GRU: "게이트 하나가 유지할지 바꿀지 정합니다",
    },
  },
};
