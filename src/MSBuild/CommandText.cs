using System.Text;

namespace CaffeActors.MSBuild;

/// <summary>Arguments as the one text that a process is started with on this framework, and back.</summary>
internal static class CommandText
{
    /// <summary>Arguments as text: those with blanks or quotes in double quotes, as every .NET program takes them
    /// apart.</summary>
    public static string Join(IEnumerable<string> arguments) => string.Join(" ", arguments.Select(Quote));

    /// <summary>Text as arguments: apart by blanks, but for those in double quotes.</summary>
    public static IReadOnlyList<string> Split(string text)
    {
        List<string> arguments = [];
        var word = new StringBuilder();
        bool quoted = false, begun = false;
        foreach (char sign in text)
        {
            if (sign == '"')
            {
                (quoted, begun) = (!quoted, true);
            }
            else if (char.IsWhiteSpace(sign) && !quoted)
            {
                if (begun)
                    arguments.Add(word.ToString());
                word.Clear();
                begun = false;
            }
            else
            {
                word.Append(sign);
                begun = true;
            }
        }

        if (begun)
            arguments.Add(word.ToString());
        return arguments;
    }

    // Backslashes mean themselves, but before a quote, where they are doubled.
    private static string Quote(string argument)
    {
        if (argument.Length > 0 && !argument.Any(sign => char.IsWhiteSpace(sign) || sign == '"'))
            return argument;
        var text = new StringBuilder("\"");
        int backslashes = 0;
        foreach (char sign in argument)
        {
            if (sign == '"')
                text.Append('\\', backslashes + 1);
            backslashes = sign == '\\' ? backslashes + 1 : 0;
            text.Append(sign);
        }

        return text.Append('\\', backslashes).Append('"').ToString();
    }
}
