using System.Globalization;
using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Data.Nets.Drawing;

/// <summary>The main settings of a layer in a few words. The names of fields say what they are, whatever the layer, so
/// a layer of the user's own that has such fields is told as well.</summary>
internal static class LayerWords
{
    private static readonly (string Field, string Before)[] _values =
    [
        ("num_output", ""), ("pool", ""), ("kernel_size", ""), ("stride", "/"), ("pad", "pad "),
        ("dilation", "dilation "), ("group", "groups "), ("local_size", "size "), ("dropout_ratio", "ratio "),
        ("operation", ""), ("axis", "axis "), ("top_k", "top "), ("batch_size", "batch "), ("crop_size", "crop "),
        ("negative_slope", "slope "),
    ];

    /// <summary>The settings, separated by commas; empty where there are none to tell.</summary>
    public static string Of(LayerParameter layer)
    {
        IMessage[] settings =
        [
            .. LayerParameter.Descriptor.Fields.InDeclarationOrder()
                .Where(field => field.FieldType == FieldType.Message && !field.IsRepeated
                    && field.Name.EndsWith("_param", StringComparison.Ordinal))
                .Select(field => field.Accessor.GetValue(layer)).OfType<IMessage>(),
        ];
        return string.Join(", ", _values.Select(value => Text(settings, value.Field, value.Before)).OfType<string>());
    }

    private static string? Text(IMessage[] settings, string name, string before)
    {
        foreach (IMessage message in settings)
        {
            string[] values = name is "kernel_size" or "stride" or "pad"
                ? Extents(message, name) : [.. Values(message, name)];
            bool isUsual = values.All(value => (name, value) is ("stride" or "dilation", "1") or ("pad", "0"));
            if (!isUsual)
                return before + string.Join('×', name == "kernel_size" && values is [var side] ? [side, side] : values);
        }

        return null;
    }

    // Given once for all axes, once for each, or as height and width.
    private static string[] Extents(IMessage message, string name)
    {
        string stem = name == "kernel_size" ? "kernel" : name;
        string[] both = [.. Values(message, $"{stem}_h"), .. Values(message, $"{stem}_w")];
        return both.Length > 0 ? both : [.. Values(message, name)];
    }

    private static IEnumerable<string> Values(IMessage message, string name)
    {
        FieldDescriptor? field = message.Descriptor.FindFieldByName(name);
        if (field is null || field.FieldType == FieldType.Message)
            return [];
        object value = field.Accessor.GetValue(message);
        if (field.IsRepeated)
            return ((System.Collections.IList)value).Cast<object>().Select(item => Text(field, item));
        return field.Accessor.HasValue(message) ? [Text(field, value)] : [];
    }

    private static string Text(FieldDescriptor field, object value) => field.FieldType == FieldType.Enum
        ? field.EnumType.FindValueByNumber(Convert.ToInt32(value, CultureInfo.InvariantCulture))?.Name ?? $"{value}"
        : string.Create(CultureInfo.InvariantCulture, $"{value}");
}
