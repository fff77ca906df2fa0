namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>What a HOCON value is. Numbers, booleans and strings convert into each other where they are read.</summary>
public enum HoconKind
{
    /// <summary>The word <c>null</c>: set, and set to nothing.</summary>
    Null,

    /// <summary>The word <c>true</c> or <c>false</c>, unquoted.</summary>
    Boolean,

    /// <summary>An unquoted number in JSON's form.</summary>
    Number,

    /// <summary>Any other simple value.</summary>
    Text,

    /// <summary>A list.</summary>
    Array,

    /// <summary>Keys and values.</summary>
    Object,
}
