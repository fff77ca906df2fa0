using System.Globalization;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>
/// Reads the values of one object with their types. What does not fit is told with the key's full path, the value as
/// written, what would fit, and the place.
/// </summary>
/// <param name="values">The object.</param>
/// <param name="path">Its path, empty for the root.</param>
/// <param name="read">Told the path of every key that is asked for.</param>
public sealed class HoconSection(HoconObject values, string path = "", Action<string>? read = null)
{
    /// <summary>The path of the section, empty for the root.</summary>
    public string Path => path;

    /// <summary>The values.</summary>
    public HoconObject Values => values;

    /// <summary>Whether a key has a value other than null.</summary>
    public bool Has(string key) => Look(key) is { Kind: not HoconKind.Null };

    /// <summary>An object within.</summary>
    /// <exception cref="CaffeException">It is missing or no object.</exception>
    public HoconSection Section(string key) =>
        Get(key) is HoconObject inner
            ? new HoconSection(inner, PathOf(key), read)
            : throw Wrong(key, $"an object, {HoconText.Key(key)} {{ ... }}");

    /// <summary>Text: any simple value as written.</summary>
    /// <exception cref="CaffeException">It is missing, a list or an object.</exception>
    public string Text(string key) => Scalar(key, "text").Text;

    /// <summary>A whole number; <c>1e5</c> and <c>2.0</c> are some.</summary>
    /// <exception cref="CaffeException">It is missing, no whole number, or out of range.</exception>
    public long Integer(string key, long least, long most)
    {
        string expected = most == long.MaxValue
            ? $"a whole number, {least} or more"
            : $"a whole number from {least} to {most}";
        return TryInteger(Scalar(key, expected)) is { } number && number >= least && number <= most
            ? number
            : throw Wrong(key, expected);
    }

    /// <summary>A 32-bit whole number.</summary>
    /// <exception cref="CaffeException">It is missing, no whole number, or out of range.</exception>
    public int Int(string key, int least, int most) => (int)Integer(key, least, most);

    /// <summary>A finite number.</summary>
    /// <exception cref="CaffeException">It is missing, no number, or out of range.</exception>
    public double Number(string key, double least, double most)
    {
        string expected = string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}");
        return TryNumber(Scalar(key, expected)) is { } number && number >= least && number <= most
            ? number
            : throw Wrong(key, expected);
    }

    /// <summary>A switch: true, on, yes, or false, off, no.</summary>
    /// <exception cref="CaffeException">It is missing or none of them.</exception>
    public bool Flag(string key)
    {
        const string Expected = "on or off (true or false, yes or no)";
        return TryFlag(Scalar(key, Expected)) ?? throw Wrong(key, Expected);
    }

    /// <summary>A duration with a unit, such as <c>30s</c>; milliseconds without.</summary>
    /// <exception cref="CaffeException">It is missing, no duration, or out of range.</exception>
    public TimeSpan Duration(string key, TimeSpan least, TimeSpan most)
    {
        string expected = $"a duration such as 500ms, 30s, 55m, 2h or 1d, from {Shown(least)} to {Shown(most)}";
        return HoconUnits.TryDuration(Scalar(key, expected).Text) is { } duration && duration >= least
            && duration <= most
            ? duration
            : throw Wrong(key, expected);
    }

    /// <summary>A size with a unit, such as <c>64KiB</c>; bytes without.</summary>
    /// <exception cref="CaffeException">It is missing, no size, or out of range.</exception>
    public long Size(string key, long least, long most)
    {
        string expected = $"a size such as 4096, 64KiB, 10MB or 1g, from {least} to {most} bytes";
        return HoconUnits.TrySize(Scalar(key, expected).Text) is { } size && size >= least && size <= most
            ? size
            : throw Wrong(key, expected);
    }

    /// <summary>One of an enumeration's names in lower case.</summary>
    /// <exception cref="CaffeException">It is missing or none of them.</exception>
    public TEnum Choice<TEnum>(string key)
        where TEnum : struct, Enum
    {
        string[] names = [.. Enum.GetNames<TEnum>().Select(name => name.ToLowerInvariant())];
        string expected = "one of " + string.Join(", ", names);
        int chosen = Array.IndexOf(names, Scalar(key, expected).Text);
        return chosen >= 0 ? Enum.GetValues<TEnum>()[chosen] : throw Wrong(key, expected);
    }

    /// <summary>A list of simple values; a simple value stands for a list of one.</summary>
    /// <exception cref="CaffeException">It is missing, an object, or has other elements.</exception>
    public IReadOnlyList<HoconScalar> Scalars(string key)
    {
        const string Expected = "a list of text, such as [a, b]";
        IReadOnlyList<HoconValue> items = Get(key) is HoconArray array ? array.Items : [Scalar(key, Expected)];
        return [.. items.Select(item => item as HoconScalar ?? throw Wrong(key, Expected, item))];
    }

    /// <summary>A list of objects.</summary>
    /// <exception cref="CaffeException">It is missing, no list, or has other elements.</exception>
    public IReadOnlyList<HoconSection> Sections(string key)
    {
        const string Expected = "a list of objects, [{ ... }, { ... }]";
        HoconArray array = Get(key) as HoconArray ?? throw Wrong(key, Expected);
        return [.. array.Items.Select((item, i) => item is HoconObject inner
            ? new HoconSection(inner, $"{PathOf(key)}[{i}]", read)
            : throw Wrong(key, Expected, item))];
    }

    /// <summary>The failure of a setting that does not fit.</summary>
    /// <param name="key">The key.</param>
    /// <param name="expected">What would fit, as in "must be ...".</param>
    /// <param name="at">The part of the value that does not fit, by default the value.</param>
    public CaffeException Wrong(string key, string expected, HoconValue? at = null)
    {
        HoconValue? value = at ?? Look(key);
        string message = value is null or HoconScalar { Kind: HoconKind.Null }
            ? $"{PathOf(key)} is not set; it must be {expected}"
            : $"{PathOf(key)} is {value.Described}; it must be {expected}";
        if (value is HoconScalar { Variable: { } variable })
            message += $" (the value comes from the environment variable {variable})";
        return new CaffeException(
            ErrorCodes.BadSetting, FailureKind.Configuration, message, value?.Place ?? values.PlaceOfKey(key));
    }

    internal static long? TryInteger(HoconScalar value)
    {
        const NumberStyles Form =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return decimal.TryParse(value.Text, Form, CultureInfo.InvariantCulture, out decimal number)
            && number == Math.Truncate(number) && number is >= long.MinValue and <= long.MaxValue
            ? (long)number
            : null;
    }

    internal static double? TryNumber(HoconScalar value)
    {
        const NumberStyles Form =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(value.Text, Form, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number)
            ? number
            : null;
    }

    internal static bool? TryFlag(HoconScalar value) => value.Text switch
    {
        "true" or "on" or "yes" => true,
        "false" or "off" or "no" => false,
        _ => null,
    };

    private static string Shown(TimeSpan duration) => duration switch
    {
        { Ticks: 0 } => "0",
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalDays}d"),
        { TotalSeconds: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds}ms"),
    };

    private string PathOf(string key) => path.Length == 0 ? HoconText.Key(key) : $"{path}.{HoconText.Key(key)}";

    private HoconValue? Look(string key)
    {
        read?.Invoke(PathOf(key));
        return values.TryGet(key, out HoconValue? value) ? value : null;
    }

    private HoconValue Get(string key) => Look(key) ?? throw Wrong(key, "set");

    private HoconScalar Scalar(string key, string expected) =>
        Look(key) is HoconScalar { Kind: not HoconKind.Null } scalar ? scalar : throw Wrong(key, expected);
}
