using CaffeActors.Compute.Schema;
using CaffeActors.Data.Onnx.Schema;

namespace CaffeActors.Data.Onnx.Layers;

/// <summary>
/// RNN and LSTM as a Scan over the steps: ONNX's own operators know no marks where sequences begin within a batch. What
/// the units see of the inputs is computed for all steps at once. Where the states are not exposed they begin with
/// zeros in each run of the file: it carries nothing from run to run.
/// </summary>
internal abstract class RecurrentExporter(LayerPlace place) : LayerExporter(place)
{
    /// <summary>Number of states: h, and what the kind has beside it.</summary>
    protected abstract int States { get; }

    /// <summary>D.</summary>
    protected int Width => (int)Parameter.RecurrentParam.NumOutput;

    /// <summary>Number of the first blob that the kind adds.</summary>
    protected int OwnBlobs => HasStatic ? 4 : 3;

    private int Exposed => Parameter.RecurrentParam.ExposeHidden ? States : 0;

    private bool HasStatic => Bottoms > 2 + Exposed;

    public override void Export()
    {
        int units = Layer.Blobs[1].Count;
        int steps = Shape(1)[0], items = Shape(1)[1];
        OnnxGraph body = Graph.Inner();
        string[] before = [.. Enumerable.Range(0, States).Select(s => Input(body, $"state{s}"))];
        string seen = Input(body, "seen"), marks = Input(body, "marks");
        string weights = Weight(OwnBlobs - 1, "hidden_weight");
        string kept = Step(body, "Mul", before[0], marks).Output;
        string sum = Step(body, "Gemm", kept, weights, seen).With("transB", 1).Output;
        string[] after = Advance(body, sum, before, marks);
        // An output of the body for each state, and one to be stacked: it may not be the same value.
        foreach (string value in (string[])[.. after, Step(body, "Identity", after[0]).Output])
            body.Message.Output.Add(Described(value));
        string[] first = [.. Enumerable.Range(0, States).Select(FirstState)];
        OnnxNode scan = Node("Scan", [.. first, SeenInputs(steps, items, units), Reshape(In(1), steps, items, 1)])
            .With("body", body.Message).With("num_scan_inputs", 2);
        string stacked = scan.OutputAt(States);
        string[] last = [.. Enumerable.Range(0, States).Select(scan.OutputAt)];
        Set(0, Result(stacked));
        for (int s = 0; s < Exposed; s++)
            Set(1 + s, Reshape(last[s], TopShape(1 + s)));
    }

    /// <summary>Adds the nodes of one step to the body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="seen">What the units see: (N, units).</param>
    /// <param name="before">The states before the step: (N, D) each.</param>
    /// <param name="marks">δ: (N, 1).</param>
    /// <returns>The states after it, h first.</returns>
    protected abstract string[] Advance(OnnxGraph body, string seen, string[] before, string marks);

    /// <summary>The top from h of all steps.</summary>
    protected virtual string Result(string hidden) => hidden;

    /// <summary>Adds a node to the body.</summary>
    protected OnnxNode Step(OnnxGraph body, string op, params ReadOnlySpan<string> inputs) =>
        body.Node($"{Layer.Name}/step/{op}", op, inputs);

    // W_x x + b (+ W_s s): (T, N, units).
    private string SeenInputs(int steps, int items, int units)
    {
        string rows = Reshape(In(0), Product([steps, items]), Layer.Blobs[0].Count / units);
        string seen = Reshape(Node("Gemm", rows, Weight(0, "input_weight"), Weight(1, "bias")).With("transB", 1).Output,
            steps, items, units);
        if (!HasStatic)
            return seen;
        string statics = Node("Flatten", In(2)).With("axis", 1).Output;
        return Op("Add", seen, Node("Gemm", statics, Weight(2, "static_weight")).With("transB", 1).Output);
    }

    private string FirstState(int state)
    {
        int items = Shape(1)[1];
        if (Exposed > 0)
            return Reshape(In(Bottoms - Exposed + state), items, Width);
        if (items >= 0)
            return Graph.Floats($"{Layer.Name}/zeros", [items, Width], new float[items * Width]);
        string count = Op("Gather", Op("Shape", In(1)), Longs("axis", 1));
        string shape = Node("Concat", count, Longs("width", Width)).With("axis", 0).Output;
        return Op("ConstantOfShape", shape);
    }

    private string Input(OnnxGraph body, string what)
    {
        string name = body.NameFor($"{Layer.Name}/step/{what}");
        body.Message.Input.Add(Described(name));
        return name;
    }

    private static ValueInfoProto Described(string name) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float },
        },
    };
}

[OnnxExport("RNN")]
internal sealed class RNNExporter(LayerPlace place) : RecurrentExporter(place)
{
    protected override int States => 1;

    protected override string[] Advance(OnnxGraph body, string seen, string[] before, string marks) =>
        [Step(body, "Tanh", seen).Output];

    protected override string Result(string hidden)
    {
        string rows = Reshape(hidden, Product(TopShape(0).AsSpan(0, 2)), Width);
        string outputs = Node("Gemm", rows, Weight(OwnBlobs, "output_weight"), Weight(OwnBlobs + 1, "output_bias"))
            .With("transB", 1).Output;
        return Reshape(Op("Tanh", outputs), TopShape(0));
    }
}

[OnnxExport("LSTM")]
internal sealed class LSTMExporter(LayerPlace place) : RecurrentExporter(place)
{
    protected override int States => 2;

    protected override string[] Advance(OnnxGraph body, string seen, string[] before, string marks)
    {
        string quarters = Longs("quarters", Width, Width, Width, Width);
        (string cells, string hidden) = LstmCell.Write(
            (op, inputs) => Step(body, op, inputs), seen, quarters, axis: 1, before[1], marks);
        return [hidden, cells];
    }
}

[OnnxExport("LSTMUnit")]
internal sealed class LSTMUnitExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        int width = Shape(0)[2];
        (string cells, string hidden) = LstmCell.Write(
            (op, inputs) => Node(op, inputs), In(1), Longs("quarters", width, width, width, width), axis: 2, In(0),
            Reshape(In(2), [.. Shape(2), 1]));
        Set(0, cells);
        Set(1, hidden);
    }
}

/// <summary>One step of long short-term memory.</summary>
internal static class LstmCell
{
    /// <summary>Adds the nodes of c = δ f c' + i g, h = o tanh c.</summary>
    /// <param name="node">Adds a node.</param>
    /// <param name="seen">What the gates see, in the order i, f, o, g.</param>
    /// <param name="quarters">A constant: D, four times.</param>
    /// <param name="axis">The axis along which the gates lie.</param>
    /// <param name="before">c'.</param>
    /// <param name="marks">δ.</param>
    /// <returns>c and h.</returns>
    public static (string Cells, string Hidden) Write(
        Func<string, string[], OnnxNode> node, string seen, string quarters, int axis, string before, string marks)
    {
        OnnxNode gates = node("Split", [seen, quarters]).With("axis", axis);
        string input = Op("Sigmoid", gates.Output), forget = Op("Sigmoid", gates.OutputAt(1));
        string output = Op("Sigmoid", gates.OutputAt(2)), fresh = Op("Tanh", gates.OutputAt(3));
        string kept = Op("Mul", Op("Mul", forget, marks), before);
        string cells = Op("Add", kept, Op("Mul", input, fresh));
        return (cells, Op("Mul", output, Op("Tanh", cells)));

        string Op(string op, params string[] inputs) => node(op, inputs).Output;
    }
}
