using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>One step of LSTM cells forward on an accelerator, a cell each time, as <see cref="LstmCell.Forward"/>
/// does it.</summary>
/// <param name="width">D.</param>
/// <param name="marks">Continuation marks.</param>
/// <param name="marksFrom">The first of the step.</param>
/// <param name="inputs">What the gates see.</param>
/// <param name="gates">Takes the gates' values; may be <paramref name="inputs"/>.</param>
/// <param name="previous">c'.</param>
/// <param name="previousFrom">The step's first.</param>
/// <param name="cell">Takes c; may be <paramref name="previous"/> at another step.</param>
/// <param name="hidden">Takes h.</param>
/// <param name="from">The first c and h of the step; its gates begin at four times that.</param>
internal readonly struct LstmForwardBody(
    int width, Values marks, int marksFrom, Values inputs, Values gates, Values previous, int previousFrom,
    Values cell, Values hidden, int from) : IGpuBody
{
    public void Invoke(int index)
    {
        int item = index / width, at = (4 * from) + (4 * item * width) + (index % width);
        float mark = marks[marksFrom + item];
        float i = GpuMath.Sigmoid(inputs[at]), f = 0, kept = 0;
        // Not a product with 0: what stood before a sequence may not be finite.
        if (mark != 0)
        {
            f = mark * GpuMath.Sigmoid(inputs[at + width]);
            kept = f * previous[previousFrom + index];
        }

        float o = GpuMath.Sigmoid(inputs[at + (2 * width)]), g = GpuMath.Tanh(inputs[at + (3 * width)]);
        float c = kept + (i * g);
        gates.Set(at, i);
        gates.Set(at + width, f);
        gates.Set(at + (2 * width), o);
        gates.Set(at + (3 * width), g);
        cell.Set(from + index, c);
        hidden.Set(from + index, o * GpuMath.Tanh(c));
    }
}

/// <summary>The step backward, as <see cref="LstmCell.Backward"/> does it.</summary>
/// <param name="width">D.</param>
/// <param name="gates">The gates' values.</param>
/// <param name="previous">c'.</param>
/// <param name="previousFrom">The step's first, and that of its gradient.</param>
/// <param name="cell">c.</param>
/// <param name="cellDiff">The gradient of c; none where it is 0.</param>
/// <param name="hiddenDiff">The gradient of h.</param>
/// <param name="inputsDiff">Takes the gradient of what the gates saw.</param>
/// <param name="previousDiff">Takes the gradient of c'.</param>
/// <param name="from">The first c and h of the step; its gates begin at four times that.</param>
internal readonly struct LstmBackwardBody(
    int width, Values gates, Values previous, int previousFrom, Values cell, Values cellDiff, Values hiddenDiff,
    Values inputsDiff, Values previousDiff, int from) : IGpuBody
{
    public void Invoke(int index)
    {
        int item = index / width, at = (4 * from) + (4 * item * width) + (index % width);
        float i = gates[at], f = gates[at + width], o = gates[at + (2 * width)], g = gates[at + (3 * width)];
        float t = GpuMath.Tanh(cell[from + index]), dh = hiddenDiff[from + index];
        float q = dh * o * (1 - (t * t));
        if (cellDiff.Exists)
            q += cellDiff[from + index];
        float c = f == 0 ? 0 : previous[previousFrom + index];
        previousDiff.Set(previousFrom + index, q * f);
        inputsDiff.Set(at, q * g * i * (1 - i));
        inputsDiff.Set(at + width, q * c * f * (1 - f));
        inputsDiff.Set(at + (2 * width), dh * t * o * (1 - o));
        inputsDiff.Set(at + (3 * width), q * i * (1 - (g * g)));
    }
}
