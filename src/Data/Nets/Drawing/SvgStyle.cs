namespace CaffeActors.Data.Nets.Drawing;

/// <summary>The colours and faces of a picture, light and dark, and the head of its arrows.</summary>
internal static class SvgStyle
{
    /// <summary>The style sheet and the definitions.</summary>
    public const string Text = """
        <style>
        text { font-family: system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; font-size: 11px; fill: #1f2430 }
        .title { font-size: 16px; font-weight: 600 } .name { font-size: 13px; font-weight: 600 }
        .name, .type, .shape { text-anchor: middle } .shape.side { text-anchor: start }
        .shape { fill: #464e5d; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; paint-order: stroke }
        .page { fill: #ffffff } .arrow { fill: none; stroke: #7b8494; stroke-width: 1.4 } .head { fill: #7b8494 }
        .frame { stroke: #6b7484; stroke-width: 1 } path.frame { fill: none }
        .data { fill: #d5eed8 } .convolution { fill: #cfe2fb } .weights { fill: #dcd9fb } .recurrent { fill: #ecd6f7 }
        .pooling { fill: #fbe9bf } .activation { fill: #fbd8e1 } .normalization { fill: #c9eef0 }
        .loss { fill: #fbcfc6 } .other { fill: #e6e9ee }
        @media (prefers-color-scheme: dark) {
        text { fill: #e9ecf3 } .shape { fill: #c3cad7; stroke: #14171d } .page { fill: #14171d }
        .arrow { stroke: #8b95a6 } .head { fill: #8b95a6 } .frame { stroke: #8b95a6 }
        .data { fill: #1e4a2a } .convolution { fill: #1d406f } .weights { fill: #3c377d } .recurrent { fill: #502f70 }
        .pooling { fill: #5f4a12 } .activation { fill: #652b3f } .normalization { fill: #14515b }
        .loss { fill: #702722 } .other { fill: #373d48 }
        }
        </style>
        <defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"
        markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0,0.5L8,4L0,7.5z"/></marker></defs>

        """;
}
