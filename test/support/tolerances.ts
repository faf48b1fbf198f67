/** How far a result may be from its float64 reference: every bound of the suite, absolute unless it says otherwise. */
export const tolerances = {
  /** One reference case, given the error of PyTorch's own float32 run. */
  reference: (float32Error: number) => Math.max(2e-6, 4 * float32Error),
  /** PyTorch's printed float32 results in ../shared/conformance/pytorch. */
  conformance: 1e-6,
  /** 8192 samples of an amplifier in ../shared/conformance/nam, from its own state on. */
  nam: 1e-5,
  /** W3C's results in ../shared/conformance/webnn, of the largest of each output where that is more than 1. */
  webnn: 1e-5,
  /** Keras's printed results in ../shared/conformance/tfjs. */
  tfjs: 1e-5,
  /** Keras's results in ../shared/conformance/keras, printed to 6 digits. */
  kerasJs: 2e-5,
  /** Files of test/keras/fixtures, against Keras's equations in float64. */
  keras: 2e-6,
  /** What TensorFlow.js computed in float32, in test/tfjs/fixtures. */
  tfjsFixtures: 2e-6,
  /** A cell against the textbook, at every step. */
  equations: 2e-6,
  /** The same after 10 000 steps: errors must not add up. */
  manySteps: 2e-6,
  /** tanh and sigmoid over all float32 inputs. */
  activation: 4e-7,
  /** sigmoid(-∞), which may be the smallest normal number's neighbour instead of 0. */
  sigmoidLimit: 1e-37,
  /** softmax: each probability, and how far their sum may be from 1. */
  softmax: 1e-6,
  /** Linear against float64, sums of up to 40 products. */
  linear: 2e-6,
  /** What TensorFlow Lite computed in float32, of the largest of each output where that is more than 1. */
  tflite: 2e-6,
  /** Where it quantises activations at run time, which is not done here: steps of 1/127 of the largest. */
  tfliteHybrid: 2e-2,
  /** One of 128 integers. */
  tfliteStep: 1 / 127,
};
