using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Prototxt;

/// <summary>Valid texts, damaged in one to four places; the same seed gives the same texts.</summary>
internal sealed class TextMutator(int seed)
{
    private static readonly string[] _pieces =
    [
        "{", "}", "<", ">", "[", "]", ":", ",", ";", "#", "\"", "'", "\\", "-", ".", "/", "+", "\n", "\0", "\r", " ",
        "é", "\ud800", "\uFEFF", "0", "08", "0x", "1e", "1f", "1.5.", "1e400", "-0", "inf", "-nan",
        "99999999999999999999999", "true", "TRAIN", "\\x", "\\u12", "\\ud800", "\\U0010FFFF", "\\777", "name: 'x'",
        "layer {", "layer <", "layer [", "layer: [{", "state {}",
        "input_dim: [1, 2]", "input: 'a' \"b\"", "clip_param { min: 1 }", "[caffe.x]: 1", "blobs { data: [1, 2.5] }",
        "type: 5",
    ];

    private readonly System.Random _random = new(seed);

    /// <summary>A text and the name of the message it is, or was, of.</summary>
    public (string MessageName, string Text) Next()
    {
        string name = Pick(Corpus.Names), text = Corpus.Text(name);
        if (_random.Next(3) == 0)
            text = text[.._random.Next(text.Length)];
        for (int i = _random.Next(4); i >= 0; i--)
            text = Mutate(text);
        string messageName = Corpus.MessageName(name);
        if (_random.Next(50) == 0)
            messageName = messageName == nameof(NetParameter) ? nameof(SolverParameter) : nameof(NetParameter);
        return (messageName, text);
    }

    private string Mutate(string text)
    {
        int at = _random.Next(text.Length + 1), length = _random.Next(Math.Min(20, text.Length - at) + 1);
        switch (_random.Next(8))
        {
            case 0:
                return text.Remove(at, length);
            case 1:
                return text.Insert(at, Pick(_pieces));
            case 2:
                return text.Remove(at, length).Insert(at, Pick(_pieces));
            case 3:
                return text.Insert(_random.Next(text.Length + 1), text.Substring(at, length));
            case 4:
                return text.Insert(at, ((char)_random.Next(0x80)).ToString());
            case 5:
                return text.Insert(at, string.Concat(Enumerable.Repeat(Pick(_pieces), _random.Next(300))));
            case 6:
                string other = Corpus.Text(Pick(Corpus.Names));
                return string.Concat(text.AsSpan(0, at), other.AsSpan(_random.Next(other.Length)));
            default:
                string[] lines = text.Split('\n');
                _random.Shuffle(lines.AsSpan(_random.Next(lines.Length)));
                return string.Join('\n', lines);
        }
    }

    private string Pick(string[] choices) => choices[_random.Next(choices.Length)];
}
