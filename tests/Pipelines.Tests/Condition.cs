namespace CaffeActors.Pipelines.Tests;

/// <summary>Evaluates the conditions of steps, as far as these pipelines use them: functions, texts,
/// variables.</summary>
internal sealed class Condition
{
    private readonly string _text;
    private readonly bool _failed;
    private readonly IReadOnlyDictionary<string, string> _variables;
    private int _at;

    private Condition(string text, bool failed, IReadOnlyDictionary<string, string> variables) =>
        (_text, _failed, _variables) = (text, failed, variables);

    /// <summary>Whether a step runs.</summary>
    /// <param name="text">Its condition.</param>
    /// <param name="failed">Whether a step before it failed.</param>
    /// <param name="variables">The variables so far.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static bool Holds(string text, bool failed, IReadOnlyDictionary<string, string> variables)
    {
        var condition = new Condition(text, failed, variables);
        string value = condition.Value();
        return condition._at == text.Length ? value == "True" : throw condition.Wrong();
    }

    private string Value()
    {
        if (Take('\''))
        {
            int end = _text.IndexOf('\'', _at);
            string literal = end < 0 ? throw Wrong() : _text[_at..end];
            _at = end + 1;
            return literal;
        }

        string word = new([.. _text[_at..].TakeWhile(char.IsAsciiLetter)]);
        _at += word.Length;
        if (word == "variables" && Take('['))
        {
            string name = Value();
            return Take(']') ? _variables.GetValueOrDefault(name, "") : throw Wrong();
        }

        List<string> arguments = Arguments();
        return (word, arguments.Count) switch
        {
            ("always" or "succeededOrFailed", 0) => "True",
            ("succeeded", 0) => _failed ? "False" : "True",
            ("and", >= 2) => arguments.All(argument => argument == "True") ? "True" : "False",
            ("eq", 2) => Same(arguments) ? "True" : "False",
            ("ne", 2) => Same(arguments) ? "False" : "True",
            _ => throw Wrong(),
        };
    }

    private List<string> Arguments()
    {
        List<string> arguments = [];
        if (!Take('('))
            throw Wrong();
        while (!Take(')'))
        {
            arguments.Add(Value());
            if (Take(','))
                _at += _text[_at..].TakeWhile(char.IsWhiteSpace).Count();
        }

        return arguments;
    }

    private static bool Same(List<string> pair) => string.Equals(pair[0], pair[1], StringComparison.OrdinalIgnoreCase);

    private bool Take(char sign)
    {
        if (_at >= _text.Length || _text[_at] != sign)
            return false;
        _at++;
        return true;
    }

    private FormatException Wrong() => new($"the condition '{_text}' is not understood from column {_at + 1} on");
}
