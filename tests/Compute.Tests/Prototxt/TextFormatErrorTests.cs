using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Tests.Prototxt;

public sealed class TextFormatErrorTests
{
    private const string Syntax = ErrorCodes.TextFormatSyntax;
    private const string Field = ErrorCodes.UnknownField;
    private const string Value = ErrorCodes.BadFieldValue;

    [Theory]
    [InlineData("name 'x'", Syntax, 1, 6, "A ':' and a value should follow 'name', not 'x'.")]
    [InlineData("name:", Syntax, 1, 6, "'name' takes a string in quotes, not the end of the text.")]
    [InlineData("name: \"x\ny\"", Syntax, 1, 7, "does not end on its line")]
    [InlineData("name: 'x", Syntax, 1, 7, "is the closing ' missing?")]
    [InlineData("name: 'x\\", Syntax, 1, 7, "does not end on its line")]
    [InlineData("name: 'x\\q'", Syntax, 1, 9, "'\\q' is no escape")]
    [InlineData("name: 'é' 'x\\xg'", Syntax, 1, 13, "hexadecimal digits must follow '\\x'")]
    [InlineData("name: '\\u12'", Syntax, 1, 8, "4 hexadecimal digits")]
    [InlineData("name: '\\U00110000'", Syntax, 1, 8, "at most 10FFFF")]
    [InlineData("name: '\\ud83d'", Syntax, 1, 8, "surrogate")]
    [InlineData("name: “x”", Syntax, 1, 7, "U+201C")]
    [InlineData("\U0001F600", Syntax, 1, 1, "U+1F600")]
    [InlineData("// net", Syntax, 1, 1, "comments begin with '#'")]
    [InlineData("/* net */", Syntax, 1, 1, "comments begin with '#'")]
    [InlineData("input_dim: 0x", Syntax, 1, 14, "Hexadecimal digits must follow '0x'")]
    [InlineData("input_dim: 08", Syntax, 1, 13, "octal")]
    [InlineData("input_dim: 1input_dim: 2", Syntax, 1, 13, "A space is missing")]
    [InlineData("input_dim: 1.2.3", Syntax, 1, 15, "second point")]
    [InlineData("input_dim: 1e", Syntax, 1, 14, "exponent")]
    [InlineData("input_dim: 1;;", Syntax, 1, 14, "A field's name should stand here, not ';'")]
    [InlineData("input_dim: [1 2]", Syntax, 1, 15, "goes on with ',' or ends with ']'")]
    [InlineData("[caffe.ext]: 1", Syntax, 1, 1, "Extensions")]
    [InlineData("1: 'x'", Syntax, 1, 1, "not '1'")]
    [InlineData("\n  }", Syntax, 2, 3, "This '}' closes nothing")]
    [InlineData("state < level: 1 }", Syntax, 1, 18, "of line 1 is closed with '>', not '}'")]
    [InlineData("name: 'x'\nlayer {\n  name: 'y'\n", Syntax, 2, 1, "This LayerParameter is never closed: a '}'")]
    public void Parse_TellsWhatCannotBeRead(string text, string code, int line, int column, string part) =>
        Expect<NetParameter>(text, code, line, column, part);

    [Theory]
    [InlineData("\n\n nam: 'x'", Field, 3, 2, "no field 'nam'. Did you mean 'name'? The file may also be")]
    [InlineData("base_lr: 0.1", Field, 1, 1, "SolverParameter has one: is this another kind of file?")]
    [InlineData("quantize: true", Field, 1, 1, "has no field 'quantize'. The file may be written for a fork")]
    [InlineData("layer { kernelsize: 3 }", Field, 1, 9, "LayerParameter has no field 'kernelsize'.")]
    [InlineData("layer { kernel_h: 3 }", Field, 1, 9, "as in convolution_param, pooling_param.")]
    [InlineData("layer { num_output: 3 }", Field, 1, 9, "embed_param, inner_product_param and others.")]
    [InlineData("layer {\n  relu_param {\n}\nlayer {", Field, 4, 1, "the end of the LayerParameter of line 1 missing?")]
    [InlineData("layer { relu_param { engin: CAFFE } }", Field, 1, 22, "has no field 'engin'. Did you mean 'engine'?")]
    public void Parse_TellsUnknownFields(string text, string code, int line, int column, string part) =>
        Expect<NetParameter>(text, code, line, column, part);

    [Theory]
    [InlineData("name: x", 1, 7, "'name' takes a string in quotes, not 'x'.")]
    [InlineData("name: 5", 1, 7, "not '5'")]
    [InlineData("name: '\\377'", 1, 7, "no UTF-8")]
    [InlineData("name: 'a'\nname: 'b'", 2, 1, "'name' takes one value and has one already, in line 1.")]
    [InlineData("state {} state {}", 1, 10, "'state' takes one value")]
    [InlineData("name: ['a']", 1, 7, "not a list")]
    [InlineData("state: 3", 1, 8, "'state' takes a NetState in '{ }', not '3'")]
    [InlineData("layer: 'x'", 1, 8, "'layer' takes a LayerParameter in '{ }', not 'x'")]
    [InlineData("input_dim: 1.0", 1, 12, "'input_dim' takes a whole number from -2147483648 to 2147483647, not '1.0'.")]
    [InlineData("input_dim: 2147483648", 1, 12, "2147483648 is outside")]
    [InlineData("input_dim: -2147483649", 1, 12, "-2147483649 is outside")]
    [InlineData("input_dim: 99999999999999999999999", 1, 12, "is outside")]
    [InlineData("input_dim: 07777777777777777777777777", 1, 12, "is outside")]
    [InlineData("input_dim: [1, x]", 1, 16, "not 'x'")]
    [InlineData("input_dim: [1,]", 1, 15, "not ']'")]
    [InlineData("input_dim: +5", 1, 12, "not '+'")]
    [InlineData("input_dim: --5", 1, 12, "not a minus sign before '-'")]
    [InlineData("input_shape { dim: 9223372036854775808 }", 1, 20, "is outside")]
    [InlineData("force_backward: 2", 1, 17, "'force_backward' takes true or false, not '2'.")]
    [InlineData("force_backward: TRUE", 1, 17, "not 'TRUE'")]
    [InlineData("state { phase: train }", 1, 16, "'phase' has no value 'train'. Did you mean TRAIN?")]
    [InlineData("state { phase: 7 }", 1, 16, "'phase' has no value 7. It takes TRAIN, TEST.")]
    [InlineData("state { phase: -1 }", 1, 16, "'phase' has no value -1")]
    [InlineData("state { phase: \"TEST\" }", 1, 16, "without quotes, not \"TEST\"")]
    [InlineData("layers { type: CONVOLUTOIN }", 1, 16, "Did you mean CONVOLUTION?")]
    [InlineData("layers { type: 99 }", 1, 16, "and 32 more")]
    [InlineData("layer { convolution_param { num_output: -1 } }", 1, 41, "from 0 to 4294967295, not '-'")]
    [InlineData("layer { convolution_param { num_output: 4294967296 } }", 1, 41, "is outside")]
    [InlineData("layer { loss_weight: 0x10 }", 1, 22, "'loss_weight' takes a decimal number, not '0x10'")]
    [InlineData("layer { loss_weight: 010 }", 1, 22, "a decimal number")]
    [InlineData("layer { loss_weight: inff }", 1, 22, "takes a number, not 'inff'")]
    [InlineData("layer {\n  clip_param { min: 0 } }", 2, 3, "A ClipParameter must have 'max', and this one has not.")]
    public void Parse_TellsValuesThatDoNotFit(string text, int line, int column, string part) =>
        Expect<NetParameter>(text, Value, line, column, part);

    [Fact]
    public void Parse_CutsWhatItQuotes()
    {
        CaffeException fault = Fault<NetParameter>($"input_dim: {new string('x', 5000)}");
        Assert.InRange(fault.Message.Length, 60, 200);
    }

    [Fact]
    public void Parse_GivesTheFormThatBuildToolsRead()
    {
        var fault = Assert.Throws<CaffeException>(() => TextFormat.Parse<NetParameter>("\n\tnam: 1", "nets/a.txt"));
        Assert.Equal(FailureKind.Configuration, fault.Kind);
        Assert.StartsWith("nets/a.txt(2,2): error CFA1102: NetParameter has no field 'nam'.", fault.ToDiagnostic());
    }

    [Fact]
    public void Parse_GoesAHundredDeepAndNoDeeper()
    {
        static string Nested(int depth) =>
            string.Concat(Enumerable.Repeat("nested_type {", depth)) + new string('}', depth);

        TextFormat.Parse<DescriptorProto>(Nested(TextFormat.MaxDepth));
        CaffeException fault = Fault<DescriptorProto>(Nested(TextFormat.MaxDepth + 1));
        Assert.Equal(Syntax, fault.Code);
        Assert.Contains("100 deep", fault.Message);
        Assert.Equal(Syntax, Fault<DescriptorProto>(string.Concat(Enumerable.Repeat("nested_type <", 1_000_000))).Code);
    }

    [Fact]
    public void Parse_RefusesMapsAndGroupsAsMisuse() =>
        Assert.Throws<NotSupportedException>(
            () => TextFormat.Parse<Google.Protobuf.WellKnownTypes.Struct>("fields { key: 'a' }"));

    [Fact]
    public void MergeInto_CountsFromItsOrigin()
    {
        var net = new NetParameter();
        var origin = new SourcePlace("run.hocon", 12, 5);
        var fault = Assert.Throws<CaffeException>(() => TextFormat.MergeInto(net, "nam: 1", origin));
        Assert.Equal(new SourcePlace("run.hocon", 12, 5), fault.Place);
        fault = Assert.Throws<CaffeException>(() => TextFormat.MergeInto(net, "\n nam: 1", origin));
        Assert.Equal(new SourcePlace("run.hocon", 13, 2), fault.Place);
    }

    private static CaffeException Fault<TMessage>(string text)
        where TMessage : class, Google.Protobuf.IMessage<TMessage>, new() =>
        Assert.Throws<CaffeException>(() => TextFormat.Parse<TMessage>(text, "x.prototxt"));

    private static void Expect<TMessage>(string text, string code, int line, int column, string part)
        where TMessage : class, Google.Protobuf.IMessage<TMessage>, new()
    {
        CaffeException fault = Fault<TMessage>(text);
        Assert.Contains(part, fault.Message);
        Assert.Equal(code, fault.Code);
        Assert.Equal(FailureKind.Configuration, fault.Kind);
        Assert.Equal(new SourcePlace("x.prototxt", line, column), fault.Place);
    }
}
